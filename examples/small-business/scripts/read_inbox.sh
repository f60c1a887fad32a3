#!/bin/sh
# reeve:
#   description: Reads the oldest letters that nobody has answered
#   output:
#     schema:
#       type: object
#       required: [messages]
#       properties: { messages: { type: array, items: { type: object, required: [id, from, name, subject, body] } } }
#   effect: read
#   reads: private
#   answers: untrusted
#   approval: never
#   network: true
#   env: [MAIL_URL]
curl -fsS --max-time 10 "$MAIL_URL/v1/inbox?limit=20" || exit 75
