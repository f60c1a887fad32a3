import type { ReactNode } from 'react'
import css from './controls.module.css'

export interface ButtonProps {
  children: ReactNode
  /** `default`: beside the one that is meant; `subtle`: leaves all as it is. Default: the one that is meant. */
  variant?: 'default' | 'subtle'
  /** `bad`: what it does cannot be taken back; `warn`: it stops something. */
  tone?: 'bad' | 'warn' | undefined
  type?: 'button' | 'submit'
  disabled?: boolean
  /** What it began is under way: it cannot be pressed again meanwhile. */
  loading?: boolean
  onClick?: () => void
}

export function Button({
  children,
  variant,
  tone,
  type = 'button',
  disabled,
  loading,
  onClick,
}: ButtonProps) {
  return (
    <button
      type={type}
      className={css.button}
      data-variant={variant ?? 'meant'}
      data-tone={tone}
      disabled={disabled || loading}
      aria-busy={loading || undefined}
      onClick={onClick}
    >
      {children}
    </button>
  )
}

/** The buttons below a form or a question, the meant one last. */
export function Buttons({ children }: { children: ReactNode }) {
  return <div className={css.buttons}>{children}</div>
}
