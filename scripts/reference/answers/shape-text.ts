import type { z } from 'zod'

interface Definition {
  type: string
  shape?: Record<string, z.ZodType>
  element?: z.ZodType
  innerType?: z.ZodType
  options?: z.ZodType[]
  entries?: Record<string, string | number>
  values?: (string | number | boolean | null)[]
  valueType?: z.ZodType
  items?: z.ZodType[]
  in?: z.ZodType
  format?: string
}

/** A schema as a TypeScript type that people read; what has a name in `named` is called by it. */
export function shapeText(schema: z.ZodType, named: ReadonlyMap<z.ZodType, string>, isOwn = false): string {
  const name = named.get(schema)
  if (name !== undefined && !isOwn) return name
  const definition = schema._zod.def as unknown as Definition
  const textOf = (inner: z.ZodType) => shapeText(inner, named)
  switch (definition.type) {
    case 'object':
      return objectText(definition.shape!, named)
    case 'array': {
      const element = textOf(definition.element!)
      return element.includes(' ') && !element.startsWith('{') ? `(${element})[]` : `${element}[]`
    }
    case 'nullable':
      return `${textOf(definition.innerType!)} | null`
    case 'optional':
    case 'readonly':
    case 'default':
      return textOf(definition.innerType!)
    case 'pipe':
      return textOf(definition.in!)
    case 'union':
      return definition.options!.map(textOf).join(' | ')
    case 'enum':
      return Object.values(definition.entries!).map(quoted).join(' | ')
    case 'literal':
      return definition.values!.map(quoted).join(' | ')
    case 'record':
      return `Record<string, ${textOf(definition.valueType!)}>`
    case 'tuple':
      return `[${definition.items!.map(textOf).join(', ')}]`
    case 'string':
      return definition.format === 'datetime' ? 'Time' : 'string'
    case 'number':
    case 'boolean':
    case 'null':
      return definition.type
    case 'unknown':
    case 'any':
    case 'custom':
      return 'Json'
    default:
      throw new Error(`A shape of the kind "${definition.type}" has no words here.`)
  }
}

function objectText(shape: Record<string, z.ZodType>, named: ReadonlyMap<z.ZodType, string>): string {
  const parts = Object.entries(shape).map(([key, value]) => {
    const mark = (value._zod.def as unknown as Definition).type === 'optional' ? '?' : ''
    return `${/^\w+$/.test(key) ? key : quoted(key)}${mark}: ${shapeText(value, named)}`
  })
  const line = parts.length === 0 ? '{}' : `{ ${parts.join('; ')} }`
  if (line.length <= 100) return line
  return `{\n${parts.map((part) => `  ${part.replaceAll('\n', '\n  ')}`).join('\n')}\n}`
}

const quoted = (value: string | number | boolean | null) =>
  typeof value === 'string' ? `'${value}'` : String(value)
