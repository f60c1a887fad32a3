export { type HttpToolInput, type HttpToolOptions, type HttpToolOutput, httpTool } from './http.ts'
export { asNotApplied, HttpClient, type HttpMethod, type HttpPolicy } from './http-client.ts'
export { addressKind, EgressGuard, type EgressRules, type Resolve } from './ssrf-guard.ts'
export { type Risk, type Tool, type ToolDefinition, tool } from './tool.ts'
