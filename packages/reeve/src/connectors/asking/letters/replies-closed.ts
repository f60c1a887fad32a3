import { type AskingConnection, type AskingLetters, isLetters, keyOfAsking } from '../asking-connections.ts'

/** Why nothing is decided by reply to the letters of a connection; undefined: it is. */
export function repliesClosed(asking: AskingLetters): string | undefined {
  const { connections, connection, settings } = asking
  if (settings.authservId === undefined)
    return `nobody said whose word counts for who wrote a letter: \`authservId\` of \`approvals\` of the connection "${connection.name}"`
  // Anybody on this machine can lay a letter into the mailbox of a stand-in.
  if (keyOfAsking(asking).mode === 'sandbox' && !connections.isSandbox)
    return `the connection "${connection.name}" is in sandbox, and the project is not all in sandbox`
  return undefined
}

/** The connections by whose letters nothing is decided, with why. */
export function closedLetters(all: readonly AskingConnection[]): { connection: string; why: string }[] {
  return all.flatMap((asking) => {
    const why = isLetters(asking) ? repliesClosed(asking) : undefined
    return why === undefined ? [] : [{ connection: asking.connection.name, why }]
  })
}
