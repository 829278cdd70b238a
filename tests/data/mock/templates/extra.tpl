config_opts['chroot_setup_cmd'] += " extra-rpm-macros"
config_opts['dnf.conf'] += """

{%- macro keys() -%}
file:///usr/share/keys/a
{%- endmacro %}

[extra]
mirrorlist=https://mirrors.example.org/metalink?repo=extra-$releasever&arch=$basearch
gpgcheck=1
gpgkey={{ keys() }}

[third]
baseurl=ftp://example.org/third/
"""
