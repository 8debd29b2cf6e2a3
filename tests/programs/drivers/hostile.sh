#!/bin/sh
# A driver that does not keep to the protocol: hostile.sh HOW. It says hello
# where it must to get any further.
hello='{"id":1,"protocol":1,"store":"hostile","dialect":"pairs","operations":["put","delete","get"],"controls":[],"promise":"process"}'
read -r first <&3
case "$first" in
*hello*) is_hello=1 ;;
*) is_hello=0 ;;
esac
case "$1" in
silent) exit 0 ;;
dies) echo "no such store" >&2; exit 7 ;;
garbage) echo 'hello!' >&4 ;;
no_json_object) echo '[1]' >&4 ;;
no_id) echo '{"store":"a"}' >&4 ;;
wrong_id) echo '{"id":5}' >&4 ;;
refuses) echo '{"id":1,"error":"busy","message":"not now"}' >&4 ;;
other_protocol) echo "$hello" | sed 's/"protocol":1/"protocol":2/' >&4 ;;
other_dialect) echo "$hello" | sed 's/pairs/threads-of-mine/' >&4 ;;
no_name) echo "$hello" | sed 's/"hostile"/"..\/x"/' >&4 ;;
our_name) echo "$hello" | sed 's/"hostile"/"sqlite"/' >&4 ;;
lacks_get) echo "$hello" | sed 's/,"get"//' >&4 ;;
half_controls) echo "$hello" | sed 's/"controls":\[\]/"controls":["begin"]/' >&4 ;;
many_clients) echo "$hello" | sed 's/"promise"/"clients":5,"promise"/' >&4 ;;
neither_claim) echo "$hello" | sed 's/pairs/queue/;s/"put","delete","get"/"enqueue","complete"/' >&4 ;;
own_*)
  case "$1" in
  own_nothing) list='[]' ;;
  own_taken) list='[{"name":"begin"}]' ;;
  own_name) list='[{"name":"Put 1"}]' ;;
  own_query) list='[{"name":"look","changes":false}]' ;;
  own_twice) list='[{"name":"add"},{"name":"add"}]' ;;
  own_kind) list='[{"name":"add","arguments":[{"name":"a","kind":"float"}]}]' ;;
  own_range) list='[{"name":"add","arguments":[{"name":"a","kind":"integer","min":2,"max":1}]}]' ;;
  own_other) list='[{"name":"add","arguments":[{"name":"a","kind":"name"}]},{"name":"sub","arguments":[{"name":"a","kind":"integer"}]}]' ;;
  esac
  echo "$hello" | sed "s/pairs/own/;s/\[\"put\",\"delete\",\"get\"\]/$list/" >&4
  ;;
no_promise) echo "$hello" | sed 's/,"promise":"process"//' >&4 ;;
*)
  if [ $is_hello = 1 ]; then echo "$hello" >&4; exit 0; fi
  case "$1" in
  stops) exit 0 ;;
  unknown_error) echo '{"id":1,"error":"oops"}' >&4 ;;
  out_of_order) echo '{"id":2}' >&4 ;;
  too_many)
    all=
    i=1
    while [ $i -le 500 ]; do all="$all{\"id\":$i}\n"; i=$((i + 1)); done
    printf "$all" >&4
    ;;
  acks_behind_the_end)
    i=1
    echo '{"id":1}' >&4
    while read -r line <&3; do
      i=$((i + 1))
      case "$line" in
      *'"close"'*) printf '{"id":%d}\n{"ack":%d}\n' $i $((i + 1)) >&4 ;;
      *'"state"'*) echo "{\"id\":$i,\"rows\":[]}" >&4 ;;
      *) echo "{\"id\":$i}" >&4 ;;
      esac
    done
    ;;
  acks_ahead) echo '{"ack":9}' >&4 ;;
  endless_line) yes '{"id":1,' | tr -d '\n' >&4 ;;
  killed) kill -9 $$ ;;
  esac ;;
esac
