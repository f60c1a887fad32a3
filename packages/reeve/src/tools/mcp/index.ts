/// <reference types="node" preserve="true" />
export type { Definition } from './definition/definition.ts'
export type {
  HttpServerDefinition,
  McpServerDefinition,
  McpToolSettings,
  StdioServerDefinition,
} from './definition/server-definition.ts'
export { type McpOffer, McpServer, type McpTool, mcpServer } from './mcp-server.ts'
export type { McpPart, McpResult } from './result.ts'
