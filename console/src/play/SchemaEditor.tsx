import { PlusOutlined } from '@ant-design/icons'
import { Button, Checkbox, Input, Segmented, Select } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { emptyField, fieldsOf, kinds, schemaOf, type Field } from './schema'

function FieldRow({ field, change, remove }: { field: Field; change: (next: Partial<Field>) => void; remove: () => void }) {
  const { t } = useTranslation()
  const of = (what: string) => (field.name ? `${what}: ${field.name}` : what)
  return (
    <li className="field">
      <Input className="mono" value={field.name} placeholder={t('people.name')} aria-label={of(t('people.name'))} onChange={({ target }) => change({ name: target.value })} />
      <Select value={field.kind} aria-label={of(t('schema.kind'))} options={kinds.map((value) => ({ value, label: t(`schema.${value}`) }))} onChange={(kind) => change({ kind })} />
      <Input className="field-wide" value={field.description} placeholder={t('schema.description')} aria-label={of(t('schema.description'))} onChange={({ target }) => change({ description: target.value })} />
      {field.kind === 'choice' && <Input.TextArea className="field-wide" value={field.choices} autoSize={{ minRows: 2 }} placeholder={t('schema.choices')} aria-label={of(t('schema.choices'))} onChange={({ target }) => change({ choices: target.value })} />}
      <Checkbox checked={field.required} onChange={({ target }) => change({ required: target.checked })}>
        {t('schema.required')}
      </Checkbox>
      <Button type="link" size="small" danger aria-label={of(t('quota.remove'))} onClick={remove}>
        {t('quota.remove')}
      </Button>
    </li>
  )
}

/** The schema of an answer: by its fields, or as the JSON that it is. */
export function SchemaEditor({ text, change }: { text: string; change: (text: string) => void }) {
  const { t } = useTranslation()
  const [asText, setAsText] = useState(false)
  // Fields without a name are in no schema: they are kept here while their schema is the one that was made of them.
  const [draft, setDraft] = useState<Field[]>([])
  const read = fieldsOf(text)
  const fields = read === null ? null : schemaOf(draft) === text ? draft : read
  const set = (next: Field[]) => {
    setDraft(next)
    change(schemaOf(next))
  }
  const ways = [
    { value: false, label: t('schema.fields'), disabled: fields === null },
    { value: true, label: 'JSON Schema' },
  ]
  const shown = asText || fields === null
  return (
    <>
      <Segmented<boolean> size="small" value={shown} options={ways} onChange={setAsText} aria-label={t('play.schema')} style={{ marginBottom: 8 }} />
      {shown ? (
        <Input.TextArea className="mono" value={text} autoSize={{ minRows: 4, maxRows: 14 }} spellCheck={false} aria-label={t('play.schema')} placeholder='{"type": "object"}' onChange={(event) => change(event.target.value)} />
      ) : (
        <>
          <ul className="fields">
            {fields?.map((field, i) => (
              <FieldRow key={i} field={field} change={(next) => set(fields.map((one, at) => (at === i ? { ...one, ...next } : one)))} remove={() => set(fields.filter((_, at) => at !== i))} />
            ))}
          </ul>
          <Button size="small" icon={<PlusOutlined />} onClick={() => set([...(fields ?? []), emptyField])}>
            {t('schema.add')}
          </Button>
        </>
      )}
    </>
  )
}
