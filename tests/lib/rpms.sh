# shellcheck shell=bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Sourced: small real packages and the programs that publish them without building.
TOOLS=$(dirname "$PACKMILL")/tests/tools
PUBLISH=$TOOLS/tool_publish
REPOCHECK=$TOOLS/tool_repocheck
export PUBLISH REPOCHECK

# make_rpms RELEASE DIR: hello, hello-doc, hello-debuginfo, the source package
make_rpms()
{
	mkdir -p "$T/rpmbuild" "$2"
	cat >"$T/hello.spec" <<-'E'
		Name: hello
		Version: 1.0
		Release: %{rel}
		Epoch: 2
		Summary: Says "hello" <&> more
		License: GPL-3.0-or-later and MIT
		URL: https://example.org/?a=1&b=2
		Group: Applications/Text
		Vendor: Someone
		BuildArch: noarch
		BuildRequires: make
		Provides: greeting = %{version}, virtual(%{name})
		Requires: /bin/sh, hello-doc >= 2:1.0, (hello-doc or nothing)
		Recommends: recommended
		Conflicts: goodbye < 1:3
		Obsoletes: hallo <= 0.9
		%description
		Grüße & <tags>, "quotes", and
		a second line.
		%package doc
		Summary: Texts
		%description doc
		Texts.
		%package debuginfo
		Summary: Debug information
		%description debuginfo
		None, really.
		%install
		mkdir -p %{buildroot}/usr/bin %{buildroot}/usr/share/doc/hello %{buildroot}/usr/lib/debug
		mkdir -p %{buildroot}/etc
		echo 'echo hello %{release}' >%{buildroot}/usr/bin/hello
		chmod 755 %{buildroot}/usr/bin/hello
		echo 'a=1' >%{buildroot}/etc/hello.conf
		echo text >"%{buildroot}/usr/share/doc/hello/READ ME & more"
		ln -s hello %{buildroot}/usr/bin/hullo
		echo debug >%{buildroot}/usr/lib/debug/hello.debug
		%files
		/usr/bin/*
		%config /etc/hello.conf
		%ghost /var/log/hello.log
		%files doc
		%dir /usr/share/doc/hello
		"/usr/share/doc/hello/READ ME & more"
		%files debuginfo
		/usr/lib/debug
		%changelog
		* Tue Nov 03 2026 Ünal <u@example.org> - 2:1.0-2
		- second & <last>
		* Mon Nov 02 2026 A. Body <a@example.org> - 2:1.0-1
		- first
	E
	rpmbuild -ba --nodeps --define "rel $1" --define "_topdir $T/rpmbuild" --define "_dbpath $T/rpmdb" \
		--define '_build_id_links none' --define 'debug_package %{nil}' \
		"$T/hello.spec" >"$T/rpmbuild.log" 2>&1 || { cat "$T/rpmbuild.log"; return 1; }
	cp "$T"/rpmbuild/RPMS/noarch/*-"1.0-$1".noarch.rpm "$T/rpmbuild/SRPMS/hello-1.0-$1.src.rpm" "$2"
}

# hash_of N: a commit hash
hash_of()
{
	printf '%040x' "$1"
}

# publish DATA N LOGS RPM...: as the build of commit N of project hello on target t
publish()
{
	local data=$1 n=$2 logs=$3
	shift 3
	"$PUBLISH" publish "$data" t hello "$(hash_of "$n")" "$logs" "$@"
}
