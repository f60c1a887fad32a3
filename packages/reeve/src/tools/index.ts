/// <reference types="node" preserve="true" />

/**
 * Ready-made tools: files, HTTP, OpenAPI, SQL, web pages, processes, scripts in a sandbox, the clock. Each reaches only
 * what it is given.
 * @module
 */

export { type InertOptions, inertText } from '../base/text/inert-text.ts'
export type { ArgumentRole, GovernedTool, Reads, Sends } from '../governance/tools/governed-tool.ts'
export type { ToolAxes } from './axes.ts'
export type { ResolvedRate, ToolRate } from './call-rate.ts'
export { type ClockToolInput, type ClockToolOutput, clockTool } from './clock.ts'
export { type FileEncoding, type FileTools, type FileToolsOptions, fileTools } from './files/files.ts'
export type { FileEntry } from './files/jailed-files.ts'
export { type HtmlParser, type VisibleHtml, visibleHtml } from './html/visible-html.ts'
export type { CredentialHeaders, Credentials } from './http/credentials.ts'
export { type HttpToolInput, type HttpToolOptions, type HttpToolOutput, httpTool } from './http/http.ts'
export {
  asNotApplied,
  HttpClient,
  type HttpPolicy,
  type HttpRequest,
  type HttpResponse,
} from './http/http-client.ts'
export type { HttpMethod } from './http/http-method.ts'
export {
  type AddressKind,
  addressKind,
  type Destination,
  EgressGuard,
  type EgressRules,
  type Resolve,
} from './http/ssrf-guard.ts'
export { type OpenApiOptions, type OpenApiResult, openApiTools } from './openapi/openapi-tools.ts'
export type { OperationName } from './openapi/operation.ts'
export { type ProcessToolOptions, type ProcessToolOutput, processTool } from './process/process.ts'
export { ReaderProcess, type ReaderProcessOptions, serveReader } from './process/reader-process.ts'
export { type DockerSandbox, runInDocker } from './sandbox/docker.ts'
export { runJavaScript } from './sandbox/javascript.ts'
export type { SandboxLanguage, SandboxLimits } from './sandbox/limits.ts'
export { runPython } from './sandbox/python.ts'
export {
  type SandboxToolInput,
  type SandboxToolOptions,
  type SandboxToolOutput,
  sandboxTool,
} from './sandbox/sandbox-tool.ts'
export type { ScriptResult } from './sandbox/script-reply.ts'
export { type SqlToolInput, type SqlToolOptions, type SqlToolOutput, sqlTool } from './sql/sql-tool.ts'
export type { QueryCell } from './sql/sqlite-child.ts'
export { declareTool, type Risk, type Tool, type ToolDefinition, tool } from './tool.ts'
export { uniqueTools } from './unique-tools.ts'
export { type WebPageOptions, type WebPageOutput, webPageTool } from './web-page/web-page-tool.ts'
