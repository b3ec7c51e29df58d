import { useQueryClient } from '@tanstack/react-query'
import { Button, Form, Input, Select } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { FormDialog, useDeed } from '../ui/deeds'
import { RemoveLink } from '../ui/RemoveLink'
import { Empty } from '../ui/states'
import { DataTable } from '../ui/Table'
import { atItsField, inserted, placed, type Label } from './rules'

interface Given {
  asked: { data: Label[] | undefined; isPending: boolean; error: unknown; refetch: () => unknown }
  tenants: string[]
  own: { tenant?: string }
  change: (to: (labels: Label[]) => Label[]) => Promise<void>
}

/** How answers say that a machine wrote them, of each tenant. */
export function LabelTable({ asked, tenants, own, change }: Given) {
  const { t } = useTranslation()
  const client = useQueryClient()
  const deed = useDeed()
  const [edited, setEdited] = useState<{ at?: number; label?: Label }>()
  const create = <Button onClick={() => setEdited({})}>{t('labels.create')}</Button>
  const submit = async ({ tenant, visible, producer }: Label) => {
    const at = edited?.at
    let place = 0
    try {
      await change((labels) => {
        place = at ?? labels.length
        return placed(labels, at, { ...(tenant && { tenant }), ...own, ...(visible && { visible }), ...(producer && { producer }) })
      })
    } catch (error) {
      throw atItsField(error, 'labels', place)
    }
    await client.invalidateQueries({ queryKey: ['rules'] })
  }
  return (
    <section>
      <div className="page-head" style={{ marginBottom: 8 }}>
        <div>
          <h2 style={{ marginBottom: 0 }}>{t('labels.title')}</h2>
          <p className="page-lead">{t('labels.lead')}</p>
        </div>
        {Boolean(asked.data?.length) && create}
      </div>
      <DataTable<Label & { at: number }>
        label={t('labels.title')}
        asked={{ ...asked, data: asked.data?.map((label, at) => ({ ...label, at })) }}
        rowKey="at"
        empty={
          <Empty title={t('labels.none')} text={t('labels.noneText')}>
            {create}
          </Empty>
        }
        columns={[
          { title: t('people.tenant'), dataIndex: 'tenant', render: (name?: string) => name ?? t('rules.everyTenant') },
          { title: t('labels.visible'), dataIndex: 'visible', render: (text?: string) => text ?? '–' },
          { title: t('labels.producer'), dataIndex: 'producer', render: (text?: string) => text ?? '–' },
          {
            key: 'deeds',
            title: <span className="sr">{t('action.more')}</span>,
            align: 'end',
            render: (_, { at, ...label }) => (
              <>
                <Button type="link" size="small" onClick={() => setEdited({ at, label })}>
                  {t('action.edit')}
                </Button>
                <RemoveLink action={t('quota.remove')} said={t('labels.removed')} remove={() => deed(() => change((labels) => labels.filter((_one, i) => i !== at)), [['rules']])} restore={() => deed(() => change((labels) => inserted(labels, at, label)), [['rules']])} />
              </>
            ),
          },
        ]}
      />
      <FormDialog<Label> title={t('labels.create')} action={t('action.save')} open={edited !== undefined} close={() => setEdited(undefined)} initial={edited?.label ?? {}} submit={submit}>
        {tenants.length > 0 && (
          <Form.Item name="tenant" label={t('people.tenant')}>
            <Select allowClear placeholder={t('rules.everyTenant')} options={tenants.map((value) => ({ value, label: value }))} />
          </Form.Item>
        )}
        <Form.Item name="visible" label={t('labels.visible')} extra={t('labels.visibleHelp')}>
          <Input maxLength={200} placeholder="[AI]" autoFocus />
        </Form.Item>
        <Form.Item name="producer" label={t('labels.producer')} extra={t('labels.producerHelp')}>
          <Input maxLength={200} placeholder="ACME GmbH" />
        </Form.Item>
      </FormDialog>
    </section>
  )
}
