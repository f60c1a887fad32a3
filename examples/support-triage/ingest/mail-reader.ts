// The process in which mail is parsed: it may be kept busy or use up its memory without anything else noticing.
import { serveReader } from 'reeve/tools'
import { readMail } from './mail.ts'

serveReader((raw: Uint8Array) => readMail(raw))
