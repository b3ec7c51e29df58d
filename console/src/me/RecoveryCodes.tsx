import { Alert, Button, Modal } from 'antd'
import { useTranslation } from 'react-i18next'
import { Secret } from '../ui/Secret'

/** What the first second factor comes with, told once: whoever reads them says so before they are gone. */
export function RecoveryCodes({ codes, close }: { codes: string[] | undefined; close: () => void }) {
  const { t } = useTranslation()
  return (
    <Modal title={t('factor.codes')} open={codes !== undefined} closable={false} footer={<Button type="primary" onClick={close}>{t('factor.codesKept')}</Button>}>
      <Alert type="warning" showIcon title={t('factor.codesText')} style={{ marginBottom: 12 }} />
      <Secret text={codes?.join(' ') ?? ''} />
    </Modal>
  )
}
