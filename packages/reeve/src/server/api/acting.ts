import type { Acting } from '../../store/authority/acting.ts'
import type { Database, Session } from '../../store/database.ts'
import type { Caller } from '../http/endpoint.ts'
import type { Service } from '../service.ts'

/** Who asks, as the log of authority has it. */
export function actingOf(service: Service, { principal, via }: Caller, why?: string): Acting {
  return { by: principal, proof: via, at: service.clock.now(), why }
}

/** Changes who may do what: this process knows of it before the request is answered, the others soon after. */
export async function changeAuthority<T>(
  { service, database, caller }: { service: Service; database: Database; caller: Caller },
  body: (session: Session, acting: Acting) => Promise<T>,
  why?: string,
): Promise<T> {
  const changed = await database.transaction((session) => body(session, actingOf(service, caller, why)))
  await service.internals.authority.renew()
  return changed
}
