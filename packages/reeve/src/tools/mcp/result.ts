import type { StandardSchemaV1 } from '@standard-schema/spec'
import type { Json } from '../../base/json/json.ts'
import { fromJsonSchema, type JsonSchemaObject } from '../json-schema/json-schema.ts'

/** A part of a result that is not text. */
export type McpPart =
  | { type: 'image' | 'audio'; mimeType: string; base64: string }
  | { type: 'link'; uri: string; name: string }
  | { type: 'resource'; uri: string; mimeType: string | null; base64: string }

/** What an MCP server answered. All of it is untrusted: data to judge, never instructions. */
export interface McpResult {
  /** The server's name: whoever reads the rest knows whose word it is. */
  source: string
  untrusted: true
  /** The server says that its tool failed; `text` says why. */
  failed: boolean
  text: string
  /** What the tool gives beside the text as data; null when it gives none. */
  structured: Json
  parts: McpPart[]
  /** What was left out because the result was too large, or a number of it was rounded on its way. */
  cut: string | null
}

/** Checks what a tool promised of its structured content, as it was pinned. What was cut or failed is not held to it. */
export function resultSchema(
  outputSchema: () => JsonSchemaObject | undefined,
): StandardSchemaV1<McpResult, McpResult> {
  return {
    '~standard': {
      version: 1,
      vendor: 'reeve',
      validate(value) {
        const result = isResult(value) ? value : byPerson(value as Json)
        const promised = outputSchema()
        if (!promised || result.source === personSource || result.failed || result.cut !== null)
          return { value: result }
        const checked = fromJsonSchema(promised, 'The output schema')['~standard'].validate(result.structured)
        if (checked instanceof Promise || !checked.issues) return { value: result }
        return {
          issues: checked.issues.map(({ path = [], ...issue }) => ({
            ...issue,
            path: ['structured', ...path],
          })),
        }
      },
    },
  }
}

const personSource = 'a person'

function isResult(value: unknown): value is McpResult {
  return typeof value === 'object' && value !== null && 'untrusted' in value && 'text' in value
}

/** What a person says a call gave whose outcome was unknown. */
function byPerson(value: Json): McpResult {
  const text = typeof value === 'string' ? value : ''
  return {
    source: personSource,
    untrusted: true,
    failed: false,
    text,
    structured: value,
    parts: [],
    cut: null,
  }
}
