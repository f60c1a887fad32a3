import type { ApprovalView } from '../../inspect/approvals/approval-view.ts'
import type { MessagePlace } from '../../store/connectors/approval-messages.ts'
import type { ServiceCall } from '../door/service-call.ts'
import type { Settings } from '../shape/mode.ts'

/** What a project says of the requests that are brought to a service. */
export interface ApprovalSettings {
  /** Where they are posted. */
  channel: string
  /** As whom somebody decides: the service's id of a user, and the name of a principal. Nobody else decides there. */
  people: Readonly<Record<string, string>>
  /** The address of this server as people reach it. */
  page?: string | undefined
}

/** A request, as it is shown where people talk. Everything in it but ids and times is foreign text. */
export interface ShownRequest {
  /** What is asked, as every screen has it. */
  approval: ApprovalView
  /** The run that waits. */
  run: string
  /** The name of its workflow. */
  workflow: string
  /** Where it can be looked at whole; undefined: nobody said where this server is. */
  page: string | undefined
}

/** A button that somebody pressed, as the service signed it. */
export interface Press {
  /** What the button is for; `other`: a link, which decides nothing. */
  verdict: 'approve' | 'reject' | 'other'
  user: string
  place: MessagePlace
  /** What stands in the button. */
  approval: string
  hash: string
}

/**
 * How a service brings requests to people who talk there, and takes the buttons that they press. Nothing that somebody writes there
 * decides anything.
 */
export interface ApprovalsOfService {
  readonly by?: 'chat'
  /** The trigger that buttons come by. */
  trigger: string
  /** The rate that messages count towards. */
  class: string
  /** What the project wants; undefined: requests do not go there. */
  settingsOf(settings: Settings): ApprovalSettings | undefined
  /** Which verdicts have a button: none where not all could be shown. */
  buttonsOf(request: ShownRequest): readonly ('approve' | 'reject')[]
  /** Posts it under the key of the call. */
  post(api: ServiceCall, channel: string, request: ShownRequest): Promise<MessagePlace>
  /** The message that has the key of the call; null: there is none. @throws where that cannot be known */
  find(api: ServiceCall, channel: string, sinceMs: number): Promise<MessagePlace | null>
  /** Says what became of it, in the place of what was asked. */
  settle(api: ServiceCall, place: MessagePlace, words: string): Promise<void>
  /** Reads what came by the trigger; undefined: it is about something else. */
  pressed(body: unknown): Press | undefined
  /** Tells somebody what became of a press, where only they see it. */
  answer(api: ServiceCall, press: Press, words: string): Promise<void>
}
