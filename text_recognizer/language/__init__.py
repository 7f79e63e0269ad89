"""Language: which texts are likely, apart from any image."""
