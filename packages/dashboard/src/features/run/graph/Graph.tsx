import { Background, Controls, type Edge, Handle, type Node, Position, ReactFlow } from '@xyflow/react'
import '@xyflow/react/dist/base.css'
import { useNavigate } from '@tanstack/react-router'
import { memo } from 'react'
import ui from '../../../ui/ui.module.css'
import { count, duration } from '../../../ui/words.ts'
import type { Bar } from '../timeline.ts'
import css from './Graph.module.css'
import { layersOf } from './layers.ts'

/** More than these are no picture any more. */
const mostNodes = 400
const wide = 210
const high = 92

type CallNode = Node<{ bar: Bar; took: string; isChosen: boolean }, 'call'>

/** What came after what, and what went on side by side. A child leads to its own run. */
export default function Graph({
  bars,
  now,
  chosen,
  onChoose,
}: {
  bars: readonly Bar[]
  now: number
  chosen: number | undefined
  onChoose: (call: number) => void
}) {
  const navigate = useNavigate()
  const shown = bars.slice(0, mostNodes)
  const { places, links } = layersOf(shown)
  const nodes: CallNode[] = shown.map((bar, index) => ({
    id: String(bar.call),
    type: 'call',
    position: { x: places[index]!.across * wide, y: places[index]!.down * high },
    data: {
      bar,
      took: duration((bar.to ?? now) - bar.from),
      isChosen: bar.call === chosen,
    },
  }))
  const edges: Edge[] = links.map(([from, to]) => ({
    id: `${from}-${to}`,
    source: String(from),
    target: String(to),
    focusable: false,
  }))
  return (
    <>
      <div className={css.graph}>
        <ReactFlow
          nodes={nodes}
          edges={edges}
          nodeTypes={nodeTypes}
          fitView
          fitViewOptions={{ maxZoom: 1, padding: 0.1 }}
          minZoom={0.1}
          nodesDraggable={false}
          nodesConnectable={false}
          edgesFocusable={false}
          proOptions={{ hideAttribution: true }}
          onNodeClick={(_event, { data: { bar } }) =>
            bar.child ? void navigate({ to: '/runs/$run', params: { run: bar.child } }) : onChoose(bar.call)
          }
        >
          <Background gap={22} />
          <Controls showInteractive={false} />
        </ReactFlow>
      </div>
      {bars.length > shown.length && (
        <p className={ui.soft}>
          The first {count(shown.length)} of {count(bars.length)} calls; the timeline has all of them.
        </p>
      )}
    </>
  )
}

const nodeTypes = {
  call: memo(function CallBox({ data: { bar, took, isChosen } }: { data: CallNode['data'] }) {
    return (
      <div
        className={css.node}
        data-wait={bar.isWait || undefined}
        data-failed={bar.hasFailed || undefined}
        data-chosen={isChosen || undefined}
      >
        <Handle type="target" position={Position.Top} isConnectable={false} />
        <div className={css.nodeName}>{bar.name}</div>
        <div className={css.nodeUnder}>
          {bar.child ? 'child run' : bar.kind}
          {bar.hasFailed ? ' failed' : ''} · {took}
          {bar.to === undefined && ' so far'}
          {bar.attempts > 1 && ` · ${bar.attempts} attempts`}
        </div>
        <Handle type="source" position={Position.Bottom} isConnectable={false} />
      </div>
    )
  }),
}
