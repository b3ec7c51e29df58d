import { KeyOutlined, PlusOutlined } from '@ant-design/icons'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Button, Form, Input, InputNumber } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api, path, type Schema } from '../api/http'
import { agoText, timeText } from '../ui/format'
import { FormDialog, useConfirmByName, useDeed } from '../ui/deeds'
import { Empty } from '../ui/states'
import { SecretDialog } from '../ui/Secret'
import { DataTable } from '../ui/Table'

type Key = Schema['Key']

export function MyKeys() {
  const { t, i18n } = useTranslation()
  const client = useQueryClient()
  const deed = useDeed()
  const confirm = useConfirmByName()
  const [making, setMaking] = useState(false)
  const [secret, setSecret] = useState<string>()
  const keys = useQuery({
    queryKey: ['me', 'keys'],
    queryFn: async () => (await api.get<Required<Schema['Keys']>>(path('/admin/v1/me/keys', {}))).keys.filter((key) => !key.revoked),
  })
  const make = async ({ name, days }: { name: string; days?: number }) => {
    const key = await api.post<Key>(path('/admin/v1/me/keys', {}), { name, ...(days && { expires: Math.floor(Date.now() / 1000) + days * 86_400 }) })
    setSecret(key.key)
    await client.invalidateQueries({ queryKey: ['me', 'keys'] })
  }
  const revoke = (key: Key) => confirm(key.name, t('key.revokeTitle', { name: key.name }), t('key.revokeText'), t('key.revoke'), () => deed(() => api.delete(path('/admin/v1/me/keys/{key}', { key: key.id })), [['me', 'keys']], t('key.revoked')))
  const rotate = (key: Key) => void deed(async () => setSecret((await api.post<Key>(path('/admin/v1/me/keys/{key}/rotate', { key: key.id }), {})).key), [['me', 'keys']])
  const create = (
    <Button icon={<PlusOutlined />} onClick={() => setMaking(true)}>
      {t('key.create')}
    </Button>
  )
  return (
    <section>
      <div className="page-head" style={{ marginBottom: 8 }}>
        <h2 style={{ marginBottom: 0 }}>{t('key.mine')}</h2>
        {Boolean(keys.data?.length) && create}
      </div>
      <DataTable<Key>
        label={t('key.mine')}
        asked={keys}
        empty={
          <Empty icon={<KeyOutlined />} title={t('key.none')} text={t('key.noneText')}>
            {create}
          </Empty>
        }
        columns={[
          { title: t('people.name'), dataIndex: 'name' },
          { title: t('key.begins'), dataIndex: 'prefix', render: (prefix: string) => <span className="mono">{prefix}…</span> },
          { title: t('key.made'), dataIndex: 'created', render: (time: number) => agoText(time, i18n.language) },
          { title: t('key.expires'), dataIndex: 'expires', render: (time: number | null, key) => (key.replaced ? t('key.replaced', { time: timeText(key.replaced, i18n.language) }) : time ? timeText(time, i18n.language) : t('key.never')) },
          {
            key: 'deeds',
            title: <span className="sr">{t('action.more')}</span>,
            align: 'end',
            render: (_, key) => (
              <>
                <Button type="link" size="small" disabled={Boolean(key.replaced)} onClick={() => rotate(key)}>
                  {t('key.rotate')}
                </Button>
                <Button type="link" size="small" danger onClick={() => revoke(key)}>
                  {t('key.revoke')}
                </Button>
              </>
            ),
          },
        ]}
      />
      <FormDialog title={t('key.create')} open={making} close={() => setMaking(false)} submit={make}>
        <Form.Item name="name" label={t('people.name')} extra={t('key.nameHelp')} rules={[{ required: true, message: '' }]}>
          <Input maxLength={64} autoFocus />
        </Form.Item>
        <Form.Item name="days" label={t('key.days')} extra={t('key.daysHelp')}>
          <InputNumber min={1} max={3650} />
        </Form.Item>
      </FormDialog>
      <SecretDialog title={t('key.yours')} text={t('key.once')} secret={secret} close={() => setSecret(undefined)} />
    </section>
  )
}
