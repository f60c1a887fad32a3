/** What the process that serves a project says of it. */
export interface StageMessage {
  kind: 'listens'
  url: string
  /** Of an owner who is signed in. */
  cookie: string
  /** A run that waits for a person. */
  run: string
}
