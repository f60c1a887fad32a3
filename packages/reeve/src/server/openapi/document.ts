import { z } from 'zod'
import { readManifest } from '../../base/package-files.ts'
import { api } from '../api/index.ts'
import { type Endpoint, nothing } from '../http/endpoint.ts'
import { namedStatuses, problemMediaType } from '../http/problem.ts'

type Schema = Record<string, unknown>

const problem = z
  .object({
    type: z.string().describe('A link to what the code means'),
    title: z.string(),
    status: z.number(),
    detail: z.string().describe('What failed, with which value, and what to do next'),
    code: z.string().describe('Stable: programs go by it'),
    retryable: z.boolean().describe('Whether the same request may succeed later'),
    details: z.record(z.string(), z.unknown()).optional(),
  })
  .describe('RFC 9457')

/** The API as OpenAPI 3.1, made of the very schemas that requests are read with. */
export function openApiDocument(): Schema {
  const paths: Record<string, Record<string, Schema>> = { ...otherPaths() }
  for (const [resource, endpoints] of Object.entries(api)) {
    for (const [verb, endpoint] of Object.entries(endpoints) as unknown as [string, Endpoint][]) {
      const path = endpoint.path.replace(/:(\w+)/g, '{$1}')
      paths[path] = { ...paths[path], [endpoint.method.toLowerCase()]: operation(resource, verb, endpoint) }
    }
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Reeve',
      version: readManifest().version,
      description:
        'Runs autonomous AI work: durable, governed, and open to the last event. Errors are problem+json (RFC 9457) with a stable `code`. Lists go by cursor. Every write takes an `Idempotency-Key`: the same request under the same key is done once, whatever dies in between.',
    },
    servers: [{ url: '/' }],
    security: [{ token: [] }, { session: [] }],
    tags: Object.keys(api).map((name) => ({ name })),
    paths,
    components: {
      securitySchemes: {
        token: { type: 'http', scheme: 'bearer', description: 'Made by `reeve token create`.' },
        session: {
          type: 'apiKey',
          in: 'cookie',
          name: 'reeve_session',
          description:
            'Of a browser that signed in; writes need the header `X-CSRF-Token` from `GET /api/session`.',
        },
      },
      schemas: { Problem: schemaOf(problem, 'output') },
      responses: {
        Problem: {
          description: 'What went wrong, and what to do next',
          content: { [problemMediaType]: { schema: { $ref: '#/components/schemas/Problem' } } },
        },
      },
    },
  }
}

function operation(resource: string, verb: string, endpoint: Endpoint): Schema {
  const { summary, description, role, params, query, body, answer, act } = endpoint
  const parameters = [
    ...parametersOf(params, 'path'),
    ...parametersOf(query, 'query'),
    ...(act
      ? [
          {
            name: 'Idempotency-Key',
            in: 'header',
            required: false,
            schema: { type: 'string', maxLength: 1024 },
            description: 'The same request under the same key is done once',
          },
        ]
      : []),
  ]
  return {
    operationId: `${resource}.${verb}`,
    tags: [resource],
    summary,
    description: `${description ? `${description}\n\n` : ''}Needs the role ${role}.`,
    ...(parameters.length > 0 ? { parameters } : {}),
    ...(body && body !== nothing
      ? {
          requestBody: {
            required: true,
            content: { 'application/json': { schema: schemaOf(body, 'input') } },
          },
        }
      : {}),
    responses: {
      '2XX': { description: 'Done', content: { 'application/json': { schema: schemaOf(answer, 'output') } } },
      default: { $ref: '#/components/responses/Problem' },
    },
  }
}

function parametersOf(schema: z.ZodType | undefined, where: 'path' | 'query'): Schema[] {
  if (!schema) return []
  const { properties = {}, required = [] } = schemaOf(schema, 'input') as {
    properties?: Record<string, Schema>
    required?: string[]
  }
  return Object.entries(properties).map(([name, { description, ...rest }]) => ({
    name,
    in: where,
    required: where === 'path' || required.includes(name),
    schema: rest,
    ...(description === undefined ? {} : { description }),
  }))
}

function schemaOf(schema: z.ZodType, io: 'input' | 'output'): Schema {
  const { $schema, ...json } = z.toJSONSchema(schema, { io, unrepresentable: 'any' }) as Schema
  return json
}

const text = (description: string, type = 'text/plain') => ({
  200: { description, content: { [type]: { schema: { type: 'string' } } } },
})

/** What is no JSON, or needs nobody signed in. */
function otherPaths(): Record<string, Record<string, Schema>> {
  const list = (name: string, description: string) => ({
    name,
    in: 'query',
    required: false,
    schema: { type: 'array', items: { type: 'string' } },
    description,
  })
  return {
    '/api/session': {
      get: {
        operationId: 'session',
        tags: ['session'],
        summary: 'Say who is signed in, and what writes of its pages must send as X-CSRF-Token',
        responses: {
          200: {
            description: 'Who asks',
            content: {
              'application/json': {
                schema: {
                  type: 'object',
                  properties: {
                    principal: { type: 'string' },
                    kind: { enum: ['person', 'service'] },
                    role: { enum: ['viewer', 'approver', 'operator', 'owner'] },
                    via: { enum: ['session', 'token'] },
                    csrfToken: { type: ['string', 'null'] },
                  },
                  required: ['principal', 'kind', 'role', 'via', 'csrfToken'],
                },
              },
            },
          },
          default: { $ref: '#/components/responses/Problem' },
        },
      },
    },
    '/api/events': {
      get: {
        operationId: 'events',
        tags: ['events'],
        summary: 'Follow the journal of all runs as it is written, as server-sent events',
        description:
          'A message `ready` comes first, then one `journal` for each event, without what it holds. `id` is a cursor: sent back as `Last-Event-ID` (or `after`), the stream goes on there, also after a restart of the server; then some events may come twice, by the same `id` in `data`, and none is missing.',
        parameters: [
          list('run', 'Only of these runs'),
          list('workflow', 'Only of runs of these workflows'),
          list('kind', 'Only events of these kinds, such as `run-succeeded`'),
          {
            name: 'after',
            in: 'query',
            required: false,
            schema: { type: 'string' },
            description: 'A cursor',
          },
        ],
        responses: {
          ...text('The stream', 'text/event-stream'),
          default: { $ref: '#/components/responses/Problem' },
        },
      },
    },
    '/healthz': {
      get: {
        operationId: 'healthz',
        summary: 'Say that the process answers',
        security: [],
        responses: text('ok'),
      },
    },
    '/readyz': {
      get: {
        operationId: 'readyz',
        summary: 'Say whether the database answers and the worker sends its heartbeat',
        security: [],
        responses: { ...text('ready'), 503: { description: 'Not now' } },
      },
    },
    '/metrics': {
      get: {
        operationId: 'metrics',
        summary: 'Queues, workers and budgets for Prometheus',
        responses: text('Prometheus text format'),
      },
    },
  }
}

/** Codes and their statuses, for the reference. */
export function problemCodes(): [code: string, status: number][] {
  return namedStatuses().sort(([one], [other]) => (one < other ? -1 : 1))
}
