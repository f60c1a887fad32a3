import { type ComponentProps, type ReactNode, useId } from 'react'
import css from './controls.module.css'

/** What stands around every field: its name above, what it is for, and what is wrong with what is in it. */
interface Around {
  label?: ReactNode
  description?: ReactNode
  error?: ReactNode
}

interface Wired {
  id: string
  'aria-describedby': string | undefined
  'aria-invalid': true | undefined
  className: string
}

function Labelled({
  label,
  description,
  error,
  children,
}: Around & { children: (wired: Wired) => ReactNode }) {
  const id = useId()
  const said = [description && `${id}-what`, error && `${id}-wrong`].filter(Boolean).join(' ')
  return (
    <div className={css.labelled}>
      {label && (
        <label className={css.label} htmlFor={id}>
          {label}
        </label>
      )}
      {description && (
        <p className={css.description} id={`${id}-what`}>
          {description}
        </p>
      )}
      {children({
        id,
        'aria-describedby': said === '' ? undefined : said,
        'aria-invalid': error ? true : undefined,
        className: css.input!,
      })}
      {error && (
        <p className={css.error} id={`${id}-wrong`}>
          {error}
        </p>
      )}
    </div>
  )
}

export function TextInput({ label, description, error, ...input }: Around & ComponentProps<'input'>) {
  return (
    <Labelled label={label} description={description} error={error}>
      {(wired) => <input type="text" {...input} {...wired} />}
    </Labelled>
  )
}

/** As high as what is written in it, between `rows` and `mostRows` lines. */
export function Textarea({
  label,
  description,
  error,
  rows = 2,
  mostRows = 12,
  isCode = false,
  ...input
}: Around & ComponentProps<'textarea'> & { mostRows?: number; isCode?: boolean }) {
  return (
    <Labelled label={label} description={description} error={error}>
      {(wired) => (
        <textarea
          rows={rows}
          data-code={isCode || undefined}
          style={{ maxHeight: `${1.5 * mostRows + 1}em` }}
          {...input}
          {...wired}
        />
      )}
    </Labelled>
  )
}

type Option = string | { value: string; label: string }

export function Select({
  label,
  description,
  error,
  data,
  ...input
}: Around & ComponentProps<'select'> & { data: readonly Option[] }) {
  return (
    <Labelled label={label} description={description} error={error}>
      {(wired) => (
        <select {...input} {...wired}>
          {data.map((option) => {
            const { value, label: words } =
              typeof option === 'string' ? { value: option, label: option } : option
            return (
              <option key={value} value={value}>
                {words}
              </option>
            )
          })}
        </select>
      )}
    </Labelled>
  )
}

/** Beside its words, which say what is so when it is set. */
export function Checkbox({ label, description, ...input }: Around & ComponentProps<'input'>) {
  const id = useId()
  return (
    <div className={css.tick}>
      <input type="checkbox" {...input} id={id} aria-describedby={description ? `${id}-what` : undefined} />
      <div>
        <label htmlFor={id}>{label}</label>
        {description && (
          <p className={css.description} id={`${id}-what`}>
            {description}
          </p>
        )}
      </div>
    </div>
  )
}

/** One of a few answers. */
export function Radios<T extends string>({
  label,
  value,
  options,
  onChange,
}: {
  label: string
  value: T | ''
  options: readonly { value: T; words: string }[]
  onChange: (value: T) => void
}) {
  const name = useId()
  return (
    <fieldset className={css.radios}>
      <legend className={css.label}>{label}</legend>
      {options.map((option) => (
        <label key={option.value} className={css.tick}>
          <input
            type="radio"
            name={name}
            checked={value === option.value}
            onChange={() => onChange(option.value)}
          />
          <span>{option.words}</span>
        </label>
      ))}
    </fieldset>
  )
}
