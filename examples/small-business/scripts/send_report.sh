#!/bin/sh
# reeve:
#   description: Sends the report of a week to the owner
#   inputs:
#     week: date (required)
#     text: string (required)
#   effect: once
#   approval: never
#   network: true
#   env: [MAIL_URL]
# The letter box takes no key: it is sent once, and who does not know whether it was asks the owner.
input=$(cat)
answer=$(printf '%s' "$input" | curl -fsS --max-time 10 -H 'content-type: application/json' --data-binary @- "$MAIL_URL/v1/letters") || exit 1
mkdir -p notes
printf '%s' "$input" | sed 's/.*"week":"\([0-9-]*\)".*/\1/' > notes/reported
printf '%s\n' "$answer"
