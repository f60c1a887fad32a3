/// <reference types="node" preserve="true" />

export { type InertOptions, inertText } from '../base/text/inert-text.ts'
export { type ClockToolInput, type ClockToolOutput, clockTool } from './clock.ts'
export { type FileTools, type FileToolsOptions, fileTools } from './files/files.ts'
export { type HtmlParser, type VisibleHtml, visibleHtml } from './html/visible-html.ts'
export { type HttpToolInput, type HttpToolOptions, type HttpToolOutput, httpTool } from './http/http.ts'
export { asNotApplied, HttpClient, type HttpMethod, type HttpPolicy } from './http/http-client.ts'
export { addressKind, EgressGuard, type EgressRules, type Resolve } from './http/ssrf-guard.ts'
export { type OpenApiOptions, type OpenApiResult, openApiTools } from './openapi/openapi-tools.ts'
export { type ProcessToolOptions, type ProcessToolOutput, processTool } from './process/process.ts'
export { ReaderProcess, type ReaderProcessOptions, serveReader } from './process/reader-process.ts'
export { type DockerSandbox, runInDocker } from './sandbox/docker.ts'
export { runJavaScript } from './sandbox/javascript.ts'
export type { SandboxLimits } from './sandbox/limits.ts'
export { runPython } from './sandbox/python.ts'
export {
  type SandboxToolInput,
  type SandboxToolOptions,
  type SandboxToolOutput,
  sandboxTool,
} from './sandbox/sandbox-tool.ts'
export type { ScriptResult } from './sandbox/script-reply.ts'
export { type SqlToolInput, type SqlToolOptions, type SqlToolOutput, sqlTool } from './sql/sql-tool.ts'
export { type Risk, type Tool, type ToolDefinition, tool } from './tool.ts'
export { uniqueTools } from './unique-tools.ts'
export { type WebPageOptions, type WebPageOutput, webPageTool } from './web-page/web-page-tool.ts'
