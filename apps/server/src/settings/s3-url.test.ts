import { expect, test } from 'vitest'
import { fileStore } from './kinds.ts'
import { readS3Url } from './s3-url.ts'

test('a URL names the server, the bucket, the folder in it and the key', () => {
  expect(readS3Url('s3://AKIA:a%2Fb%2Bc@s3.eu-central-1.example.com/chat-files?region=eu-central-1')).toEqual(
    {
      origin: 'https://s3.eu-central-1.example.com',
      bucket: 'chat-files',
      prefix: '',
      region: 'eu-central-1',
      accessKeyId: 'AKIA',
      secretAccessKey: 'a/b+c',
    },
  )
  expect(readS3Url('s3+http://key:secret@10.0.0.7:9000/chat/parley/files/')).toMatchObject({
    origin: 'http://10.0.0.7:9000',
    bucket: 'chat',
    prefix: 'parley/files/',
    region: 'us-east-1',
  })
})

test.for([
  ['s3://key:topsecret@host', 'must name a bucket'],
  ['s3://key:topsecret@host/B', 'must name a bucket'],
  ['s3://key:topsecret@host/bucket/../x y', 'must name a bucket'],
  ['s3://key:topsecret@host/bucket/a%20b', 'must have a prefix of'],
  ['s3://host/topsecret', 'must have a key and its secret'],
  ['s3://key@host/topsecret', 'must have a key and its secret'],
  ['s3+ftp://key:topsecret@host/bucket', 'must be a directory or a URL'],
  ['s3:/topsecret', 'must be a directory or a URL'],
  ['s3://key:topsecret%zz@host/bucket', 'must have every %'],
  ['s3://key:topsecret@host/bucket?reg=x', 'takes one parameter'],
])('%s is refused, and its secret is not repeated', ([text = '', sentence = '']) => {
  expect(() => fileStore(text)).toThrow(sentence)
  expect(() => fileStore(text)).not.toThrow(/topsecret/)
})

test('anything else is a directory', () => {
  expect(fileStore('/srv/s3')).toBe('/srv/s3')
})
