#!/usr/bin/env bash
# Installs open-licence handwriting fonts from the npm registry into a folder, each face with its licence.
#
#   tasks/install_fonts.sh FOLDER
#
# Needs npm. The folder then holds NAME.woff (latin, regular weight) and NAME-LICENSE for each face, and can be
# given to training with --fonts FOLDER. The fonts are under the SIL Open Font Licence or Apache 2.0; see each
# licence file before passing them on. The list is that of text_recognizer/synthesis/fonts.py.
set -euo pipefail

if [ "$#" -ne 1 ]; then
    echo "usage: $0 FOLDER" >&2
    exit 2
fi
if ! command -v npm >/dev/null; then
    echo "install_fonts.sh: npm is not installed; install Node.js and try again." >&2
    exit 1
fi

folder=$1
faces=(
    annie-use-your-telescope architects-daughter bad-script beth-ellen bilbo borel caveat
    cedarville-cursive coming-soon covered-by-your-grace crafty-girls dawning-of-a-new-day dekko
    fuggles gaegu give-you-glory gloria-hallelujah gochi-hand grape-nuts handlee homemade-apple
    indie-flower just-me-again-down-here kalam la-belle-aurore long-cang loved-by-the-king
    marck-script neucha nothing-you-could-do patrick-hand qwigley reenie-beanie schoolbell
    sedgwick-ave shadows-into-light shadows-into-light-two short-stack square-peg
    sue-ellen-francisco swanky-and-moo-moo the-girl-next-door waiting-for-the-sunrise zeyada
)

mkdir -p "$folder"
folder=$(cd "$folder" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init --yes >/dev/null
npm install --no-audit --no-fund --ignore-scripts "${faces[@]/#/@fontsource/}" >/dev/null

for face in "${faces[@]}"; do
    package=node_modules/@fontsource/$face
    cp "$package/files/$face-latin-400-normal.woff" "$folder/$face.woff"
    cp "$package/LICENSE" "$folder/$face-LICENSE"
done
echo "${#faces[@]} faces installed in $folder"
