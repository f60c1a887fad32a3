/// <reference types="node" preserve="true" />

/**
 * E-mail: letters by SMTP, a mailbox over IMAP.
 * @module
 */

export { email } from './email.ts'
