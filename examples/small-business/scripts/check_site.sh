#!/bin/sh
# reeve:
#   description: Asks for each page of the site and counts those that do not answer
#   output:
#     pages: integer (required)
#     broken: integer (required)
#   effect: idempotent
#   approval: never
#   network: true
#   env: [SITE_URL]
set -eu
pages=0
broken=0
for path in / /pricing /contact /sitemap.xml; do
  status=$(curl -s -o /dev/null -w '%{http_code}' --max-time 10 "$SITE_URL$path") || true
  pages=$((pages + 1))
  case $status in
    200) ;;
    5??|000|'') echo "$SITE_URL$path answered ${status:-nothing}" >&2; exit 75 ;;
    *) echo "$SITE_URL$path answered $status" >&2; broken=$((broken + 1)) ;;
  esac
done
mkdir -p notes
[ "$broken" -gt 0 ] || curl -s --max-time 10 "$SITE_URL/api/status" | sed 's/.*"today":"\([0-9-]*\)".*/\1/' > notes/site-checked
printf '{"pages": %d, "broken": %d}\n' "$pages" "$broken"
