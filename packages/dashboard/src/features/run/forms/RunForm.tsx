import type { RunWhole } from '../../../api/types.ts'
import { Dialog } from '../../../ui/controls/Dialog.tsx'
import type { Form } from '../RunActions.tsx'
import type { Bar } from '../timeline.ts'
import { CompareForm } from './CompareForm.tsx'
import { ForkForm } from './ForkForm.tsx'
import { OverrideForm } from './OverrideForm.tsx'
import { SignalForm } from './SignalForm.tsx'
import { UndoForm } from './UndoForm.tsx'

/** The form of a run that is open. By default, for what is loaded when it is needed. */
export default function RunForm({
  run,
  form,
  bars,
  onClose,
}: {
  run: RunWhole
  form: Form
  bars: readonly Bar[]
  onClose: () => void
}) {
  const titles = {
    fork: `Fork ${run.workflow}`,
    signal: `Signal ${run.workflow}`,
    override: 'Override a call',
    compare: 'Compare',
    undo: `Undo ${run.workflow}`,
  }
  return (
    <Dialog
      opened
      onClose={onClose}
      title={form.kind === 'fork' ? `${titles.fork} from call ${form.from}` : titles[form.kind]}
      size="lg"
    >
      {form.kind === 'fork' && <ForkForm run={run} from={form.from} name={form.name} />}
      {form.kind === 'signal' && <SignalForm run={run} onDone={onClose} />}
      {form.kind === 'override' && <OverrideForm run={run} bars={bars} first={form.call} onDone={onClose} />}
      {form.kind === 'undo' && <UndoForm run={run} onClose={onClose} />}
      {form.kind === 'compare' && <CompareForm run={run} />}
    </Dialog>
  )
}
