import { headerBytes } from './plain-headers.ts'
import type { HandedIn } from './smtp-server.ts'

/** The notice of a mail server that could not deliver a letter (RFC 3464). */
export function bounceOf(
  { from, raw }: Pick<HandedIn, 'from' | 'raw'>,
  recipient: string,
  now: number,
): Buffer {
  const boundary = 'stand-in-report'
  const lines = [
    'From: Mail Delivery System <mailer-daemon@sandbox.test>',
    `To: <${from}>`,
    'Subject: Undelivered Mail Returned to Sender',
    `Date: ${new Date(now).toUTCString()}`,
    `Message-ID: <bounce-${now}-${recipient}>`,
    'Auto-Submitted: auto-replied',
    'MIME-Version: 1.0',
    `Content-Type: multipart/report; report-type=delivery-status; boundary="${boundary}"`,
    '',
    `--${boundary}`,
    'Content-Type: text/plain; charset=utf-8',
    '',
    `Your letter could not be delivered to ${recipient}.`,
    '',
    `--${boundary}`,
    'Content-Type: message/delivery-status',
    '',
    'Reporting-MTA: dns; sandbox.test',
    '',
    `Final-Recipient: rfc822; ${recipient}`,
    'Action: failed',
    'Status: 5.1.1',
    'Diagnostic-Code: smtp; 550 5.1.1 There is no such mailbox',
    '',
    `--${boundary}`,
    'Content-Type: text/rfc822-headers',
    '',
    headerBytes(raw).toString('utf8').trimEnd(),
    '',
    `--${boundary}--`,
    '',
  ]
  return Buffer.from(lines.join('\r\n'))
}
