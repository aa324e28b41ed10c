import { describe, expect, it } from 'vitest'
import { rolesToGive, sendsAway } from './who-may.ts'

describe('who may change members', () => {
  it('offers an owner every role, also their own', () => {
    expect(rolesToGive('owner', 'member')).toEqual(['owner', 'admin', 'reader'])
  })

  it('offers an administrator only roles and people below themselves', () => {
    expect(rolesToGive('admin', 'member')).toEqual(['reader'])
    expect(rolesToGive('admin', 'reader')).toEqual(['member'])
    expect(rolesToGive('admin', 'admin')).toEqual([])
  })

  it('offers nothing about the owner, and nothing to members', () => {
    expect(rolesToGive('owner', 'owner')).toEqual([])
    expect(rolesToGive('member', 'reader')).toEqual([])
    expect(rolesToGive(undefined, 'reader')).toEqual([])
  })

  it('lets owners and administrators remove those below themselves', () => {
    expect(sendsAway('owner', 'admin')).toBe(true)
    expect(sendsAway('admin', 'member')).toBe(true)
    expect(sendsAway('admin', 'admin')).toBe(false)
    expect(sendsAway('admin', 'owner')).toBe(false)
    expect(sendsAway('member', 'reader')).toBe(false)
  })
})
