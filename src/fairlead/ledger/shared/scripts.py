"""What Redis does in one go. All keys are in one slot, so that a script may use several.

Lua counts in floating point, which is exact only to 2^53. So amounts stay text here: HINCRBY adds them, in 64 bits, and
they are compared by length and then by letter. Who holds how much of a pot stands in the pot's own hash: `taken` of
all, and of each process `granted`, `used` (of that, what the ledger knows to be spent) and `seq` (which of the
process's words was the last).
"""

from typing import Final

_COMMON: Final = """
local function now()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end
local function get(field) return redis.call('HGET', KEYS[1], field) or '0' end
local function negative(amount)
  if amount == '0' then return '0' end
  return amount:sub(1, 1) == '-' and amount:sub(2) or '-' .. amount
end
local function add(field, amount) redis.call('HINCRBY', KEYS[1], field, amount) end
local function less(one, other) return #one < #other or (#one == #other and one < other) end
local function keep(lease)
  local closes = tonumber(get('closes'))
  if get('taken') == '0' or (closes > 0 and closes < now() + lease) then
    redis.call('PEXPIRE', KEYS[1], lease)
  elseif closes > 0 then
    redis.call('PEXPIREAT', KEYS[1], closes)
  else
    redis.call('PERSIST', KEYS[1])
  end
end
local function forget(process)
  for _, field in ipairs({'granted/', 'used/', 'seq/', 'charged/'}) do
    redis.call('HDEL', KEYS[1], field .. process)
  end
end
"""

# Pot, processes, what this one has to do with; process, seq, word, lease, holding, change, cap, least, most, known,
# after, closes. Gives what was got, what was left before, and what the process holds; nothing where the pot is not
# known and neither is what it begins with.
HOLD: Final = (
    _COMMON
    + """
local process, seq, word, lease, holding, anew, cap, least, most, known, after, closes = unpack(ARGV)
if redis.call('HEXISTS', KEYS[1], 'taken') == 0 then
  if known == '' then return false end
  redis.call('HSET', KEYS[1], 'taken', known, 'spent', known, 'after', after, 'closes', closes)
end
if tonumber(seq) <= tonumber(get('seq/' .. process)) then return redis.error_reply('STALE a later word was had') end
local before = redis.call('HGET', KEYS[1], 'granted/' .. process)
if not before then holding = anew end
add('taken', negative(before or '0'))
add('taken', holding)
redis.call('HSET', KEYS[1], 'granted/' .. process, holding, 'seq/' .. process, seq, 'left', cap)
add('left', negative(get('taken')))
local left, got = get('left'), '0'
if left:sub(1, 1) == '-' then left = '0' end
if most ~= '0' and not less(left, least) then
  local quarter = string.format('%.0f', math.floor(tonumber(left) / 4))
  got = less(quarter, most) and quarter or most
  if less(got, least) then got = least end
  add('taken', got)
  add('granted/' .. process, got)
end
local granted = get('granted/' .. process)
redis.call('ZADD', KEYS[2], now() + lease, process)
if granted == '0' and get('used/' .. process) == '0' then
  forget(process)
  redis.call('SREM', KEYS[3], word)
else
  redis.call('SADD', KEYS[3], word)
end
keep(lease)
return {got, left, granted}
"""
)

# Pot; process, amount, who says so, its how-manieth word that is, lease.
CHARGE: Final = (
    _COMMON
    + """
local process, amount, by, seq, lease = unpack(ARGV)
if redis.call('HEXISTS', KEYS[1], 'taken') == 0 then return 0 end
if tonumber(seq) <= tonumber(get('charged/' .. by)) then return 0 end
redis.call('HSET', KEYS[1], 'charged/' .. by, seq)
add('spent', amount)
if redis.call('HEXISTS', KEYS[1], 'granted/' .. process) == 1 then
  add('used/' .. process, amount)
else
  add('taken', amount)
  keep(lease)
end
return 1
"""
)

# Pot, processes, what the process had to do with; process, word, lease. Gives whether something came back.
RECLAIM: Final = (
    _COMMON
    + """
local process, word, lease = unpack(ARGV)
local ends = redis.call('ZSCORE', KEYS[2], process) or 0
if now() <= ends + get('after') then return 0 end
local held = redis.call('HEXISTS', KEYS[1], 'granted/' .. process)
if held == 1 then
  add('taken', negative(get('granted/' .. process)))
  add('taken', get('used/' .. process))
  forget(process)
  keep(lease)
end
redis.call('SREM', KEYS[3], word)
return held
"""
)

# Processes; process, lease. Gives 1 where it was not known.
RENEW: Final = _COMMON + "return redis.call('ZADD', KEYS[1], now() + ARGV[2], ARGV[1])"

# Processes. Gives those whose lease has ended.
ENDED: Final = _COMMON + "return redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', '(' .. now())"

# What a process had to do with. Gives it.
WORDS: Final = "return redis.call('SMEMBERS', KEYS[1])"

# What a process has to do with; words.
LEAVE: Final = "return redis.call('SREM', KEYS[1], unpack(ARGV))"

# Processes, what the process had to do with; process. Forgets one that is to do with nothing more.
BURY: Final = (
    _COMMON
    + """
local ends = redis.call('ZSCORE', KEYS[1], ARGV[1])
if ends and now() > tonumber(ends) and redis.call('EXISTS', KEYS[2]) == 0 then
  redis.call('ZREM', KEYS[1], ARGV[1])
end
return 0
"""
)
