import { Checkbox, Select, Textarea, TextInput } from '../controls/Inputs.tsx'

type Schema = Record<string, unknown>

interface FieldProps {
  name: string
  value: unknown
  schema: Schema
  onChange: (value: unknown) => void
  error?: string | undefined
}

/**
 * A form for the top level of a JSON object. Each field keeps the type that its schema, or the value that is there, has: a
 * number stays a number. What is neither text, number, yes-or-no nor a choice is edited as JSON.
 */
export function JsonField({ name, value, schema, onChange, error }: FieldProps) {
  const choices = Array.isArray(schema.enum) ? (schema.enum as unknown[]) : undefined
  const description = typeof schema.description === 'string' ? schema.description : undefined
  const shared = { label: name, description, error }
  if (choices)
    return (
      <Select
        {...shared}
        value={String(choices.indexOf(value))}
        data={choices.map((choice, index) => ({ value: String(index), label: String(choice) }))}
        onChange={(event) => onChange(choices[Number(event.currentTarget.value)])}
      />
    )
  const type = typeOf(schema, value)
  if (type === 'boolean')
    return (
      <Checkbox
        {...shared}
        checked={value === true}
        onChange={(event) => onChange(event.currentTarget.checked)}
      />
    )
  if (type === 'number')
    return (
      <TextInput
        {...shared}
        inputMode="decimal"
        value={value === undefined ? '' : String(value)}
        error={error ?? (typeof value === 'number' ? undefined : 'It must be a number.')}
        onChange={(event) => onChange(numberIn(event.currentTarget.value))}
      />
    )
  if (type === 'string')
    return (
      <Textarea
        {...shared}
        value={typeof value === 'string' ? value : ''}
        rows={1}
        mostRows={24}
        onChange={(event) => onChange(event.currentTarget.value)}
      />
    )
  return <JsonText {...shared} value={value} onChange={onChange} />
}

/** What is written is JSON, or kept as text until it is. */
class Unfinished {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }
}

function JsonText({
  value,
  onChange,
  error,
  ...shared
}: {
  label: string
  description: string | undefined
  error: string | undefined
  value: unknown
  onChange: (value: unknown) => void
}) {
  const text = value instanceof Unfinished ? value.text : JSON.stringify(value, null, 2)
  return (
    <Textarea
      {...shared}
      value={text ?? ''}
      error={error ?? (value instanceof Unfinished ? 'This is not valid JSON yet.' : undefined)}
      rows={2}
      mostRows={24}
      isCode
      onChange={(event) => {
        const written = event.currentTarget.value
        try {
          onChange(JSON.parse(written))
        } catch {
          onChange(new Unfinished(written))
        }
      }}
    />
  )
}

function typeOf(schema: Schema, value: unknown): 'string' | 'number' | 'boolean' | 'json' {
  const named = schema.type === 'integer' ? 'number' : schema.type
  if (named === 'string' || named === 'number' || named === 'boolean') return named
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean')
    return typeof value as 'string' | 'number' | 'boolean'
  return 'json'
}

/** A text that is no number stays a text, so that it is not lost while somebody writes. */
function numberIn(text: string): unknown {
  const number = Number(text)
  return text.trim() === '' || !Number.isFinite(number) || /[.,e-]$/i.test(text) ? text : number
}

/** The schema of each top-level property; empty where nothing is known. */
export function propertiesOf(schema: unknown): Record<string, Schema> {
  const { properties } = (schema ?? {}) as { properties?: unknown }
  return typeof properties === 'object' && properties !== null ? (properties as Record<string, Schema>) : {}
}

/** Whether every field holds a value of its type. */
export function isFinished(values: Record<string, unknown>, schema: unknown, before: unknown): boolean {
  const properties = propertiesOf(schema)
  const known = (before ?? {}) as Record<string, unknown>
  return Object.entries(values).every(([name, value]) => {
    if (value instanceof Unfinished) return false
    return (
      typeOf(properties[name] ?? {}, known[name]) !== 'number' || typeof value === 'number' || value === null
    )
  })
}
