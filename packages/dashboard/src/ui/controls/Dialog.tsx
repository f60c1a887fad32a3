import { type ReactNode, useEffect, useId, useLayoutEffect, useRef } from 'react'
import { createPortal } from 'react-dom'
import css from './controls.module.css'

interface DialogProps {
  opened: boolean
  onClose: () => void
  /** Without one it is called `label`, and has no way out to press but Escape and what is around it. */
  title?: ReactNode
  label?: string
  size?: 'lg'
  children: ReactNode
}

/**
 * A window over the page, by the browser's own `dialog`: it keeps the focus in it, hides the page from those who hear it,
 * closes by Escape, and gives the focus back. It holds nothing while it is closed.
 */
export function Dialog({ opened, ...rest }: DialogProps) {
  return opened ? createPortal(<OpenDialog {...rest} />, document.body) : null
}

function OpenDialog({ onClose, title, label, size, children }: Omit<DialogProps, 'opened'>) {
  const dialog = useRef<HTMLDialogElement>(null)
  const heading = useId()
  const latest = useRef(onClose)
  useEffect(() => {
    latest.current = onClose
  })
  useLayoutEffect(() => {
    const its = dialog.current!
    its.showModal()
    // The first thing to fill in, and else the whole: never the way out.
    const first = its.querySelector<HTMLElement>(
      '[data-autofocus], input:not([type=hidden]), textarea, select',
    )
    ;(first ?? its).focus()
    // By hand: React takes the element away, and no browser gives the focus back then.
    return () => its.close()
  }, [])
  useEffect(() => {
    const its = dialog.current!
    const around = (event: MouseEvent) => {
      if (event.target === its) latest.current()
    }
    const cancelled = (event: Event) => {
      event.preventDefault()
      latest.current()
    }
    its.addEventListener('mousedown', around)
    its.addEventListener('cancel', cancelled)
    return () => {
      its.removeEventListener('mousedown', around)
      its.removeEventListener('cancel', cancelled)
    }
  }, [])
  return (
    <dialog
      ref={dialog}
      className={css.dialog}
      data-size={size}
      tabIndex={-1}
      {...(title === undefined ? { 'aria-label': label } : { 'aria-labelledby': heading })}
    >
      {title === undefined ? (
        children
      ) : (
        <div className={css.inside}>
          <header className={css.head}>
            <h2 id={heading}>{title}</h2>
            <button type="button" className={css.close} aria-label="Close" onClick={onClose}>
              ×
            </button>
          </header>
          {children}
        </div>
      )}
    </dialog>
  )
}
