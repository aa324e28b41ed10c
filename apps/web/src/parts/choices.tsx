import styles from './choices.module.css'

interface ChoicesProps<Value extends string> {
  readonly name: string
  readonly label: string
  /** The heading above says it already. */
  readonly labelHidden?: boolean
  /** Undefined: not known yet. */
  readonly value: Value | undefined
  readonly options: readonly { readonly value: Value; readonly label: string }[]
  readonly disabled?: boolean
  readonly onChoose: (value: Value) => void
}

/** One of a few, all of them on the screen. */
export function Choices<Value extends string>(props: ChoicesProps<Value>) {
  const { name, label, labelHidden = false, value, options, disabled = false, onChoose } = props
  return (
    <fieldset className={styles.choices} disabled={disabled}>
      <legend className={labelHidden ? 'hidden' : undefined}>{label}</legend>
      <div className={styles.options}>
        {options.map((option) => (
          <label key={option.value} className={styles.option}>
            <input
              type="radio"
              name={name}
              checked={option.value === value}
              onChange={() => onChoose(option.value)}
            />
            {option.label}
          </label>
        ))}
      </div>
    </fieldset>
  )
}
