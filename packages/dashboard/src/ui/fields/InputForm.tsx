import { isFinished, JsonField, propertiesOf } from './JsonFields.tsx'

/** Edits a whole value: field by field where it is an object with a schema, else as one. */
export function InputForm({
  schema,
  value,
  onChange,
}: {
  schema: unknown
  value: unknown
  onChange: (value: unknown) => void
}) {
  const properties = propertiesOf(schema)
  const parts = partsOf(value)
  const names = [...new Set([...Object.keys(properties), ...Object.keys(parts ?? {})])]
  if (names.length === 0 || (!parts && value !== undefined && value !== null))
    return (
      <JsonField
        name="input"
        value={value}
        schema={(schema ?? {}) as Record<string, unknown>}
        onChange={onChange}
      />
    )
  return names.map((name) => (
    <JsonField
      key={name}
      name={name}
      value={parts?.[name]}
      schema={properties[name] ?? {}}
      onChange={(now) => onChange({ ...parts, [name]: now })}
    />
  ))
}

function partsOf(value: unknown): Record<string, unknown> | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : undefined
}

export function isInputFinished(value: unknown, schema: unknown): boolean {
  const parts = partsOf(value)
  return parts ? isFinished(parts, schema, parts) : isFinished({ value }, {}, {})
}
