import { useQuery } from '@tanstack/react-query'
import { runQuery } from '../../api/queries.ts'
import type { WaitingItem } from '../../api/types.ts'
import { Foreign } from '../../ui/Foreign.tsx'
import { Link } from '../../ui/Link.tsx'
import ui from '../../ui/ui.module.css'
import { RunActions } from '../run/RunActions.tsx'

/** A run that nobody drives on until a person has looked: why, and what can be done. */
export function StuckCard({ item }: { item: WaitingItem }) {
  const { data: run } = useQuery(runQuery(item.runId))
  return (
    <div className={ui.card}>
      <pre className={ui.text}>
        <Foreign text={item.subject} />
      </pre>
      {run && <RunActions run={run} />}
      <p className={ui.soft} style={{ margin: '20px 0 0' }}>
        <Link to="/runs/$run" params={{ run: item.runId }}>
          The whole run {item.runId}
        </Link>
      </p>
    </div>
  )
}
