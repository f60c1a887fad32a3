/**
 * What a program that is tried is started by, as process 1 of its own namespaces (mounts, network, processes):
 *
 *   all mounts read-only → a layer in memory over the project, with the program to be tried in its place → /tmp, /run, /dev and what
 * holds secrets hidden → the program, without capabilities → what is left of it, its network counters, the files it changed
 *
 * Arguments: a folder to work in, the project, the program's path in it (empty: nothing is replaced), the source to put there (and beside
 * it, where there is one, another file and its path), where to report, the options of the layer, where it runs, what must stay readable, the count of what to
 * hide, what to hide, the command. Exits with 199 when a wall does not stand.
 */
export const wallScript = `
set -u
S=$1 P=$2 T=$3 SOURCE=$4 REPORT=$5 OVERLAY=$6 FOLDER=$7 KEEP=$8 N=$9; shift 9
fall() { echo "no wall: $1" >&2; exit 199; }
mount --make-rprivate / || fall private
# A mount of its own for the report: one that is written to cannot be made read-only.
mount --bind "$REPORT" "$S" || fall report
exec 9>"$S/report"
# A dozen mounts that no script needs; where they may not be taken away, each is made read-only below.
umount -l /sys/fs/cgroup 2>/dev/null
while read -r _ _ _ _ at MODE _; do
  case $MODE in ro|ro,*) continue ;; esac
  case $at in /proc|/proc/*|/dev|/dev/*|"$S") ;; *) mount -o remount,bind,ro "$at" 2>/dev/null || [ "$at" != / ] || fall read-only ;; esac
done < /proc/self/mountinfo
mount -t tmpfs -o size=128m,mode=755 tmpfs "$S" || fall memory
mkdir "$S/up" "$S/work" "$S/merged" "$S/dev" "$S/dev/shm" || fall folders
mount -t overlay overlay -o "lowerdir=$P,upperdir=$S/up,workdir=$S/work$OVERLAY" "$S/merged" || fall overlay
if [ -n "$T" ]; then cat "$SOURCE" > "$S/merged/$T" || fall source; fi
if [ -f "$SOURCE.also" ]; then read -r ALSO < "$SOURCE.at" && cat "$SOURCE.also" > "$S/merged/$ALSO" || fall also; fi
I=0
while [ $I -lt "$N" ]; do
  H=$1; shift; I=$((I+1))
  case $H in "$P"/*) H=$S/merged/\${H#"$P"/} ;; esac
  if [ -d "$H" ]; then mount -t tmpfs -o size=4k,ro tmpfs "$H" || fall hidden
  elif [ -e "$H" ]; then mount --bind /dev/null "$H" || fall hidden; fi
done
for D in null zero full random urandom; do : > "$S/dev/$D"; mount --bind "/dev/$D" "$S/dev/$D" || fall device; done
ln -s /proc/self/fd "$S/dev/fd"; ln -s /proc/self/fd/0 "$S/dev/stdin"; ln -s /proc/self/fd/1 "$S/dev/stdout"; ln -s /proc/self/fd/2 "$S/dev/stderr"
chmod 1777 "$S/dev/shm"
for D in /tmp /var/tmp /run; do
  case "$KEEP:" in *":$D/"*) ;; *) [ ! -d $D ] || [ -L $D ] || mount -t tmpfs -o size=32m tmpfs $D || fall "$D" ;; esac
done
mkdir -p "$P" || fall project
mount --rbind "$S/merged" "$P" || fall project
mount --rbind "$S/dev" /dev || fall devices
mount -t proc proc /proc || fall processes
mount --bind /proc/sys /proc/sys && mount -o remount,bind,ro /proc/sys || fall kernel
exec 8<"$S/up"
cd "$P/$FOLDER" || fall folder
umount -l "$S" && umount -l "$S" || fall memory
( : > /.reeve-wall ) 2>/dev/null && { rm -f /.reeve-wall; fall root; }
"$@" 8<&- 9>&-
C=$?
L=0
for D in /proc/[0-9]*; do
  [ "$D" = /proc/1 ] && continue
  read -r _ _ STATE _ 2>/dev/null < "$D/stat" || continue
  [ "$STATE" = Z ] || L=$((L+1))
done
echo "left $L" >&9
while read -r KIND A B C1 D1 E1 F1 G1 H1 I1 J1 K1 L1 _; do
  case $KIND in Ip:) echo "ip $L1" >&9 ;; Tcp:) echo "tcp $E1" >&9 ;; esac
done < /proc/net/snmp
while read -r KIND A; do [ "$KIND" = Ip6OutNoRoutes ] && echo "ip6 $A" >&9; done < /proc/net/snmp6
[ -f /proc/self/fd/8/.reeve-calls ] && echo "calls $(head -c 262144 /proc/self/fd/8/.reeve-calls | base64 -w0)" >&9
find /proc/self/fd/8/ -mindepth 1 ! -type d ! -type f -printf 'changed %y:%l %P\\n' 2>/dev/null | head -c 65536 >&9
find /proc/self/fd/8/ -mindepth 1 -type f -exec sha256sum {} + 2>/dev/null | while read -r HASH PATH_; do echo "changed $HASH \${PATH_#/proc/self/fd/8/}"; done | head -c 65536 >&9
echo "exit $C" >&9
exit $C
`
