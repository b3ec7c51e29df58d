import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Button, Form, Input } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api, path, type Schema } from '../api/http'
import { FormDialog, useConfirmByName, useDeed } from '../ui/deeds'
import { timeText } from '../ui/format'
import { Failed, Waiting } from '../ui/states'

type Certificate = Schema['Certificate']

const url = path('/admin/v1/me/certificates', {})

/** Certificates that stand for a key. One registers the certificate that this very connection shows. */
export function MyCertificates() {
  const { t, i18n } = useTranslation()
  const client = useQueryClient()
  const deed = useDeed()
  const confirm = useConfirmByName()
  const [adding, setAdding] = useState(false)
  const certificates = useQuery({ queryKey: ['me', 'certificates'], queryFn: async () => (await api.get<Required<Schema['Certificates']>>(url)).certificates.filter((one) => !one.revoked) })
  const revoke = ({ id, name }: Certificate) =>
    confirm(name, t('key.revokeTitle', { name }), t('clientCert.revokeText'), t('key.revoke'), () => deed(() => api.delete(path('/admin/v1/me/certificates/{certificate}', { certificate: id })), [['me', 'certificates']], t('clientCert.revoked')))
  return (
    <section>
      <h2>{t('clientCert.mine')}</h2>
      <p className="muted">{t('clientCert.mineText')}</p>
      {certificates.isPending && <Waiting />}
      {certificates.isError && <Failed error={certificates.error} retry={() => void certificates.refetch()} />}
      {Boolean(certificates.data?.length) && (
        <ul className="rows" style={{ marginBottom: 12 }}>
          {certificates.data?.map((one) => (
            <li key={one.id}>
              <span className="rows-main">
                {one.name} <span className="muted mono">{one.fingerprint.slice(0, 16)}…</span>
                <br />
                <span className="muted">{one.expires ? t('clientCert.until', { time: timeText(one.expires, i18n.language) }) : ''}</span>
              </span>
              <Button size="small" danger aria-label={`${t('key.revoke')}: ${one.name}`} onClick={() => revoke(one)}>
                {t('key.revoke')}
              </Button>
            </li>
          ))}
        </ul>
      )}
      <Button onClick={() => setAdding(true)}>{t('clientCert.addMine')}</Button>
      <FormDialog
        title={t('clientCert.addMine')}
        action={t('clientCert.addDo')}
        open={adding}
        close={() => setAdding(false)}
        submit={async (given: { name: string }) => {
          await api.post(url, given)
          await client.invalidateQueries({ queryKey: ['me', 'certificates'] })
        }}
      >
        <p>{t('clientCert.addMineText')}</p>
        <Form.Item name="name" label={t('people.name')} rules={[{ required: true, message: '' }]}>
          <Input maxLength={64} autoFocus autoComplete="off" />
        </Form.Item>
      </FormDialog>
    </section>
  )
}
