import type { Session } from '../database.ts'
import type { Act, ActDetails, ActType, Proof } from './acts.ts'
import { recordAct } from './authority-log.ts'

/** Who changes something, when, and why: what every change of authority is recorded with. */
export interface Acting {
  /** The name of the principal. */
  by: string
  proof: Proof
  /** By the store's clock (ms). */
  at: number
  /** In the words of whoever acts. */
  why?: string | null | undefined
}

/** In the transaction of the change: writes it into the log of authority. `run`: the id of the run that it is about. */
export async function record<T extends ActType>(
  session: Session,
  { by, proof, at, why }: Acting,
  type: T,
  subject: string,
  details: ActDetails[T],
  run?: string,
): Promise<void> {
  const act: Act<T> = { type, by, proof, at, subject, details }
  if (why != null && why !== '') act.why = why
  if (run !== undefined) act.run = run
  await recordAct(session, act)
}
