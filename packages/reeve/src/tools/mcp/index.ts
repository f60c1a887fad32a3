/// <reference types="node" preserve="true" />

/**
 * MCP servers as tools of a project. What a server offers is pinned by a person (`reeve mcp pin`); a tool whose definition
 * has changed since is refused.
 * @module
 */

export type { FromJsonSchema } from '../json-schema/json-schema.ts'
export type { JsonSchemaObject } from '../json-schema/node.ts'
export type { Definition } from './definition/definition.ts'
export type {
  HttpServerDefinition,
  McpConnectionServices,
  McpServerDefinition,
  McpServerSettings,
  McpToolSettings,
  ResultSchema,
  StdioServerDefinition,
} from './definition/server-definition.ts'
export type { McpOffer } from './offers.ts'
export { McpServer, type McpTool, mcpServer } from './outside-server.ts'
export type { McpPart, McpResult } from './result.ts'
