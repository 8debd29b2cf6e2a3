#include "token/dictionary.h"

namespace lastcommit {
namespace {

// The rarest first: what stands near the end takes the fewest bits.
constexpr std::string_view kWords =
    R"(,"schedule":{"kind":"round_robin","seed":1,"rate":10}"random"directed"free"few"plan"
,"sector_size":65536,"sector_size":8192,"psow":0},"images":12,"kill_after_us":
,"filter":1,"before":1,"limit":2,"up":1,"keep":2,"chunk":1000,"stale":1,"state":"pending"running"failed"cancelled"done"
{"step":"unlink","file":"database"}
"file":"shm","file":"wal"}
{"step":"backup"}
{"step":"prune","keep":1}
{"step":"put_write","idx":1,"replace":1}
{"step":"rollback"}
{"step":"reopen"}
{"step":"vacuum"}
{"step":"list_checkpoints"}
{"step":"stream_blob"}
{"step":"live_read"}
{"step":"update_task","task":1,"replace":1}
{"step":"create_task"}
{"step":"journal_mode","to":"truncate"}
{"step":"journal_mode","to":"persist"}
{"step":"journal_mode","to":"delete"}
{"step":"journal_mode","to":"wal"}
,"fates":"0=garbage,1,2=head,=tail","directory":0
,"survive":"file_prefixes","number":,"survive":"prefix","survive":"chosen","survive":"lose_one","survive":"subset","number":
,"error":{"kind":"no_process_memory","error":{"kind":"interrupt","error":{"kind":"open","error":{"kind":"truncate","error":{"kind":"delete","error":{"kind":"busy","error":{"kind":"read","error":{"kind":"no_memory","error":{"kind":"sync","error":{"kind":"full","error":{"kind":"write","at":1,"count":2}}
"level":"error","level":"warning","level":"debug","invalid_at":0,"invalid_at":1,"parent":1,"ns":1
{"step":"wal_checkpoint","mode":"full"}
{"step":"wal_checkpoint","mode":"restart"}
{"step":"wal_checkpoint","mode":"truncate"}
{"step":"wal_checkpoint"}
{"step":"release"}
{"step":"rollback_to"}
{"step":"put_writes"}
{"step":"commit_step","count":1}
{"step":"delete_thread"}
{"step":"read"}
{"step":"append_logs","count":2}
{"step":"put_checkpoint","id":1}
{"step":"put_blob","id":1}
{"step":"append_log"}
{"step":"savepoint"}
,"client":3,"client":2,"switches":"1>0,2>1"}
,"client":1,"thread":1,"id":1,"size":4000,"size":9000,"seed":1,"count":3
"journal_mode":"memory","synchronous":"off","page_size":512,"cache_size":10,"wal_autocheckpoint":1}
"journal_mode":"persist","synchronous":"full","page_size":512,"cache_size":10,"wal_autocheckpoint":1}
"journal_mode":"truncate","synchronous":"full","page_size":512,"cache_size":10,"wal_autocheckpoint":1}
"journal_mode":"delete","synchronous":"extra","page_size":512,"cache_size":10,"wal_autocheckpoint":1}
"journal_mode":"delete","synchronous":"full","page_size":512,"cache_size":10,"wal_autocheckpoint":1}
"journal_mode":"wal","synchronous":"normal","page_size":512,"cache_size":10,"wal_autocheckpoint":1}
{"lastcommit":2,"saver":"planted-","engine":"fork","profile":{"journal_mode":"wal","synchronous":"full","page_size":512,"cache_size":2,"wal_autocheckpoint":5},"expect":"held"}
{"step":"open"}
{"step":"open","client":1}
{"step":"open","client":2}
{"step":"begin","client":1}
{"step":"commit","client":1}
{"step":"begin"}
{"step":"commit"}
,"crash":{"io":1,"moment":"during","who":"one"}}
,"crash":{"io":1,"moment":"after","survive":"none"}}
,"crash":{"io":0,"moment":"before","survive":"none"}}
,"crash":{"io":0,"moment":"before"}}
{"step":"close","client":1}
{"step":"close"}
{"step":"open"}
{"step":"close"}
{"lastcommit":2,"saver":"sqlite-stranger{"lastcommit":2,"saver":"sqlite-undefended","engine":"sim","profile":{"journal_mode":"wal","synchronous":"full","page_size":4096,"cache_size":0,"wal_autocheckpoint":1000},"expect":"held"}
{"step":"open"}
)";

}  // namespace

std::string_view Dictionary() { return kWords; }

}  // namespace lastcommit
