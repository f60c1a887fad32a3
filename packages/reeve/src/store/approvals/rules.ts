import type { Session } from '../database.ts'

/** How much of people's attention may be asked for, and how hastily they may give it. Project-wide. */
export interface ApprovalRules {
  /** Open requests of one sender that people are shown; what is more waits aside. Default 5. */
  perSender?: number
  /** The same for requests of one kind and workflow that came in by one channel. Default 100. */
  perChannel?: number
  /** So many approvals of one person within an hour, each less than a second after the one before, are hasty. Default 20. */
  hastyPerHour?: number
  /** From then on an approval within 3 s of the one before is refused. Default false: it is only said. */
  secondLook?: boolean
}

const defaultRules: Required<ApprovalRules> = {
  perSender: 5,
  perChannel: 100,
  hastyPerHour: 20,
  secondLook: false,
}

const name = 'approval-rules'

export async function readRules(session: Session): Promise<Required<ApprovalRules>> {
  const row = await session.get<{ value: string }>('select value from meta where name = ?', [name])
  return row ? { ...defaultRules, ...(JSON.parse(row.value) as ApprovalRules) } : defaultRules
}

/** What the project's configuration says; what it says nothing of has its default. */
export async function saveRules(session: Session, rules: ApprovalRules): Promise<void> {
  await session.run(
    `insert into meta (name, value) values (?, ?) on conflict (name) do update set value = excluded.value`,
    [name, JSON.stringify(rules)],
  )
}
