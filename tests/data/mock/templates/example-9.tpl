# the base of several configurations
config_opts['chroot_setup_cmd'] = 'install bash coreutils tar rpm-build example-release'
config_opts['dist'] = 'el9'  # only useful for --resultdir variable subst
config_opts['releasever'] = '9'
config_opts['package_manager'] = 'dnf'
config_opts['extra_chroot_dirs'] = [ '/run/lock', ]
config_opts['mirrored'] = config_opts['koji_primary_repo'] != 'example'
config_opts['plugin_conf']['ccache_enable'] = True
config_opts['module_setup_commands'] = [
    ('enable', 'nodejs:18'), ('disable', 'php'),  # a comment in a list
]

config_opts['dnf.conf'] = """
[main]
keepcache=1
gpgcheck=0
install_weak_deps=0
metadata_expire=0
user_agent={{ user_agent }}
proxy=http://proxy.example.org:3128
{% if target_arch == 'x86_64' %}
excludepkgs=*.i686, *.i586
{% elif target_arch in ['ppc64', 'ppc64le'] %}
excludepkgs=*.ppc
{% endif %}

{% if koji_primary_repo != None and koji_primary_repo != "example" %}
[local-example]
{% else %}
[local]
{% endif %}
name=local
baseurl=https://koji.example.org/repos/c{{ releasever }}s-build/latest/$basearch/
cost=2000
enabled=0

[baseos]
name=Example $releasever - BaseOS
metalink=https://mirrors.example.org/metalink?repo=baseos-$releasever&arch=$basearch
gpgkey=https://keys.example.org/RPM-GPG-KEY-$releasever
       https://keys.example.org/RPM-GPG-KEY-next
gpgcheck=1
enabled={{ mirrored }}
skip_if_unavailable=False

[crb]
baseurl=https://mirror.example.org/$releasever_major/crb/$basearch/
        https://mirror2.example.org/{{ releasever }}/crb/{{ repo_arch }}/
priority=10
metadata_expire=1w
includepkgs=a* b*
repo_gpgcheck=0
cost=500
"""
