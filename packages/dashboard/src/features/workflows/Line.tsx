import css from './Metrics.module.css'

const wide = 220
const high = 34

/** A line through the days, without axes: whether it rises or falls. Days without a value are passed over. */
export function Line({ label, values }: { label: string; values: (number | null)[] }) {
  const known = values.flatMap((value, index) => (value === null ? [] : [{ value, index }]))
  if (known.length < 2) return null
  const most = Math.max(...known.map(({ value }) => value))
  const least = Math.min(...known.map(({ value }) => value))
  const points = known.map(({ value, index }) => {
    const x = (wide * index) / (values.length - 1)
    const y = most === least ? high / 2 : high - 3 - ((high - 6) * (value - least)) / (most - least)
    return `${x.toFixed(1)},${y.toFixed(1)}`
  })
  return (
    <svg className={css.line} viewBox={`0 0 ${wide} ${high}`} role="img" aria-label={`${label}, day by day`}>
      <polyline points={points.join(' ')} />
    </svg>
  )
}
