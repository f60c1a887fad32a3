import type { Json } from '../../base/json/json.ts'
import { isRecord } from '../../base/json/record.ts'
import type { Part } from '../../tools/openapi/document.ts'

const most = { depth: 6, values: 500, fields: 60 }

/** What an operation answers when it went well, made up from its document. */
export interface SampleAnswer {
  status: number
  contentType: string
  body: Json | undefined
}

/** The first answer below 300 of an operation: its example, else a value that fits its schema. */
export function sampleAnswer(operation: Part): SampleAnswer {
  const responses = operation.at('responses')
  const statuses = responses.missing ? [] : responses.entries().map(([status]) => status)
  const wanted = statuses.find((status) => /^2(?:\d\d|XX)$/i.test(status))
  if (wanted === undefined) return { status: 200, contentType: 'application/json', body: {} }
  const status = /^\d+$/.test(wanted) ? Number(wanted) : 200
  const content = responses.at(wanted).resolved().at('content')
  const types = content.missing ? [] : content.entries().map(([type]) => type)
  const contentType = types.find((type) => /json/.test(type)) ?? types[0]
  if (contentType === undefined) return { status, contentType: 'application/json', body: undefined }
  const media = content.at(contentType)
  const example = exampleIn(media)
  return { status, contentType, body: example ?? sampleOf(media.at('schema'), { left: most.values }) }
}

function exampleIn(media: Part): Json | undefined {
  if (!media.at('example').missing) return media.at('example').value
  const examples = media.at('examples')
  const [first] = isRecord(examples.value) ? examples.entries() : []
  return first?.[1].resolved().at('value').value
}

function sampleOf(schema: Part, budget: { left: number }, depth = 0): Json {
  if (schema.missing || depth > most.depth || --budget.left < 0) return null
  const part = schema.resolved()
  const { value } = part
  if (!isRecord(value)) return null
  const given = value.example ?? value.const ?? value.default ?? listed(value.examples) ?? listed(value.enum)
  if (given !== undefined) return given as Json
  for (const word of ['oneOf', 'anyOf'] as const) {
    const [first] = Array.isArray(value[word]) ? part.at(word).list() : []
    if (first) return sampleOf(first, budget, depth + 1)
  }
  if (Array.isArray(value.allOf)) {
    const parts = part
      .at('allOf')
      .list()
      .map((each) => sampleOf(each, budget, depth + 1))
    return Object.assign({}, ...parts.filter(isRecord)) as Json
  }
  const type = Array.isArray(value.type) ? value.type[0] : value.type
  if (type === 'object' || isRecord(value.properties)) return objectOf(part, budget, depth)
  if (type === 'array') return [sampleOf(part.at('items'), budget, depth + 1)]
  return scalarOf(type, value)
}

function objectOf(part: Part, budget: { left: number }, depth: number): Json {
  const properties = part.at('properties')
  const entries = properties.missing ? [] : properties.entries().slice(0, most.fields)
  return Object.fromEntries(entries.map(([name, its]) => [name, sampleOf(its, budget, depth + 1)]))
}

function scalarOf(type: unknown, { format, minimum }: { [name: string]: unknown }): Json {
  switch (type) {
    case 'integer':
    case 'number':
      return typeof minimum === 'number' ? Math.ceil(minimum) : 1
    case 'boolean':
      return true
    case 'string':
      return samples[String(format)] ?? 'text'
    default:
      return null
  }
}

const samples: Readonly<Record<string, string>> = {
  'date-time': '2026-01-05T09:00:00Z',
  date: '2026-01-05',
  email: 'someone@example.com',
  uuid: '00000000-0000-4000-8000-000000000001',
  uri: 'https://example.com/',
}

function listed(value: unknown): unknown {
  return Array.isArray(value) ? value[0] : undefined
}
