import { Empty } from '../Page.tsx'
import css from '../ui.module.css'
import { Field, Fields } from './Field.tsx'

interface Shape {
  type?: unknown
  enum?: unknown[]
  description?: unknown
  format?: unknown
  properties?: Record<string, Shape>
  required?: string[]
}

/** What a JSON Schema takes, field by field. */
export function SchemaFields({ schema }: { schema: unknown }) {
  const { properties, required = [], ...rest } = (schema ?? {}) as Shape
  if (schema === null || schema === undefined) return <Empty>It is not declared.</Empty>
  const fields = Object.entries(properties ?? {})
  return (
    <>
      {properties && fields.length === 0 ? (
        <Empty>Nothing.</Empty>
      ) : properties ? (
        <Fields>
          {fields.map(([name, shape]) => (
            <Field key={name} name={name} from={typeof shape.description === 'string' && shape.description}>
              {kindOf(shape)}
              {!required.includes(name) && <span className={css.soft}>, may be left out</span>}
            </Field>
          ))}
        </Fields>
      ) : (
        <p>{kindOf(rest)}</p>
      )}
      <details>
        <summary className={css.soft}>JSON Schema</summary>
        <pre className={css.text}>{JSON.stringify(schema, null, 2)}</pre>
      </details>
    </>
  )
}

function kindOf({ type, enum: choices, format }: Shape): string {
  if (choices) return `one of ${choices.map(String).join(', ')}`
  if (typeof format === 'string') return format
  return typeof type === 'string' ? (type === 'null' ? 'nothing' : type) : 'any value'
}
