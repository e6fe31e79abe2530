#!/bin/sh
# Compiles GOV.UK Frontend into ../static and writes the manifest there. Run by a developer when the version
# changes, with Node and npm at hand; nothing needs them at run time. Usage: sh identity_provider/kit/styles/build.sh
set -eu

GOVUK_FRONTEND=6.3.0
SASS=1.108.2

styles=$(cd "$(dirname "$0")" && pwd)
static=$styles/../static
workshop=$(mktemp -d)
trap 'rm -rf "$workshop"' EXIT

cd "$workshop"
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts "govuk-frontend@$GOVUK_FRONTEND" "sass@$SASS"

npx sass --no-source-map --style=compressed --load-path=node_modules "$styles/govuk.scss" "$static/govuk-frontend.css"
# Its end points at a source map, which is not served.
sed 's|//# sourceMappingURL=.*$||' node_modules/govuk-frontend/dist/govuk/govuk-frontend.min.js \
    > "$static/govuk-frontend.min.js"

digest() { openssl dgst -sha256 -r "$1" | cut -d" " -f1; }

cat > "$static/MANIFEST.json" <<EOF
{
  "name": "govuk-frontend",
  "version": "$GOVUK_FRONTEND",
  "source": "npm package govuk-frontend",
  "licence": "MIT",
  "licence_file": "LICENCE-govuk-frontend.txt",
  "built_by": "identity_provider/kit/styles/build.sh with sass $SASS",
  "sha256": {
    "govuk-frontend.css": "$(digest "$static/govuk-frontend.css")",
    "govuk-frontend.min.js": "$(digest "$static/govuk-frontend.min.js")"
  }
}
EOF
