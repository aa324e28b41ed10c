/** The English of how long a room keeps its messages. */
export const storage = {
  title: 'How long messages stay',
  forEver: 'Messages stay for ever.',
  until_one: 'Messages older than a day are deleted.',
  until_other: 'Messages older than {{count}} days are deleted.',
  retention: 'Delete messages',
  archive: 'Move messages to the archive',
  archiveHint: 'In the archive they are read and found as before.',
  server: 'As the server has it ({{what}})',
  never: 'never',
  after_one: 'after a day',
  after_other: 'after {{count}} days',
  confirmTitle: 'Delete older messages?',
  confirm_one:
    'What is older than a day is deleted for good, for everybody and with its files, from the coming night on.',
  confirm_other:
    'What is older than {{count}} days is deleted for good, for everybody and with its files, from the coming night on.',
  confirmAction: 'Delete them',
  changed: 'Changed',
}
